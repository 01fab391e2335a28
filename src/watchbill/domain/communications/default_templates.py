"""The texts that come with Watchbill: short, without blame, with the time of the next news."""

from collections.abc import Mapping

from watchbill.domain.communications.models import Audience, Moment

_FACTS = """\
{{severity}}: {{title}}
Service: {{services}}
Since: {{started}}
Impact: {{impact}} ({{customers}})
In charge: {{commander}}"""

# (subject, body), by audience and moment.
DEFAULTS: Mapping[tuple[str, str], tuple[str, str]] = {
    (Audience.PUBLIC, Moment.FIRST): (
        "Problems with {{service}}",
        "Since {{started}} there are problems with {{service}}. {{impact}}\n\n"
        "We are working on it. The next update comes by {{next_update_by}}.",
    ),
    (Audience.PUBLIC, Moment.UPDATE): (
        "Problems with {{service}}",
        "{{last_update}}\n\nThe next update comes by {{next_update_by}}.",
    ),
    (Audience.PUBLIC, Moment.RESOLVED): (
        "Problems with {{service}}",
        "This is resolved since {{resolved}}; it lasted {{duration}}. {{service}} works as usual again.\n\n"
        "We are sorry for the trouble. We are finding out how it came about and what keeps it from coming again.",
    ),
    (Audience.CUSTOMERS, Moment.FIRST): (
        "{{organization}}: problems with {{service}}",
        "Hello,\n\nsince {{started}} there are problems with {{service}}.\n\n"
        "What you may notice: {{impact}}\n\n"
        "We are working on it with all we have. You hear from us again by {{next_update_by}}, and as soon as it is "
        "over.\n\nWe are sorry for the trouble.\n\n{{organization}}",
    ),
    (Audience.CUSTOMERS, Moment.UPDATE): (
        "{{organization}}: problems with {{service}}, what is new",
        "Hello,\n\nthe problems with {{service}} since {{started}} go on. What is new:\n\n{{last_update}}\n\n"
        "You hear from us again by {{next_update_by}}.\n\n{{organization}}",
    ),
    (Audience.CUSTOMERS, Moment.RESOLVED): (
        "{{organization}}: {{service}} works again",
        "Hello,\n\nthe problems with {{service}} are over since {{resolved}}. They lasted {{duration}}.\n\n"
        "You need not do anything. If you still notice something, please write to us.\n\n"
        "We are sorry for the trouble. We are finding out how it came about and what keeps it from coming again.\n\n"
        "{{organization}}",
    ),
    (Audience.EXECUTIVES, Moment.FIRST): (
        "{{severity}}: {{title}}",
        f"{_FACTS}\n\nWhat is needed from you: nothing for now. The next update comes by {{{{next_update_by}}}}.\n\n"
        "Details: {{link}}",
    ),
    (Audience.EXECUTIVES, Moment.UPDATE): (
        "{{severity}}, {{status}}: {{title}}",
        f"{_FACTS}\nLasts: {{{{duration}}}}\n\n{{{{last_update}}}}\n\n"
        "The next update comes by {{next_update_by}}.\n\nDetails: {{link}}",
    ),
    (Audience.EXECUTIVES, Moment.RESOLVED): (
        "Resolved: {{title}}",
        f"{_FACTS}\nResolved: {{{{resolved}}}}, after {{{{duration}}}}\n\n"
        "The review follows; it says what happened and what is done about it.\n\nDetails: {{link}}",
    ),
    (Audience.INTERNAL, Moment.FIRST): (
        "{{severity}}: {{title}}",
        f"{_FACTS}\n\nThe next update comes by {{{{next_update_by}}}}. Who asks you about it: send them to "
        "{{commander}}, and promise nothing.\n\nDetails: {{link}}",
    ),
    (Audience.INTERNAL, Moment.UPDATE): (
        "{{severity}}, {{status}}: {{title}}",
        "{{last_update}}\n\nThe next update comes by {{next_update_by}}.\n\nDetails: {{link}}",
    ),
    (Audience.INTERNAL, Moment.RESOLVED): (
        "Resolved: {{title}}",
        f"{_FACTS}\nResolved: {{{{resolved}}}}, after {{{{duration}}}}\n\nDetails: {{{{link}}}}",
    ),
}
