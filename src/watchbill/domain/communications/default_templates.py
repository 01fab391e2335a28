"""The texts that come with Watchbill: short, without blame, with the time of the next news."""

from collections.abc import Mapping

from watchbill.domain.communications.models import Audience, Moment

_FACTS = """\
{{severity}}: {{title}}
Service: {{services}}
Since: {{started}}
Impact: {{impact}}
Customers: {{customers}}
In charge: {{commander}}"""
_END = """\
Customers were harmed: {{lasted}}
Resolved: {{resolved}}, after {{resolved_after}}"""

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
        "This is resolved. It lasted {{lasted}}. {{service}} works as usual again.\n\n"
        "We are sorry for the trouble. We are finding out how it came about and what keeps it from coming again.",
    ),
    (Audience.PUBLIC, Moment.BACK): (
        "Problems with {{service}}",
        "The problems with {{service}} are back since {{back}}. {{impact}}\n\n"
        "We said too early that it was over, and we are sorry. We are working on it. The next update comes by "
        "{{next_update_by}}.",
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
        "Hello,\n\nthe problems with {{service}} are over. They lasted {{lasted}}.\n\n"
        "You need not do anything. If you still notice something, please write to us.\n\n"
        "We are sorry for the trouble. We are finding out how it came about and what keeps it from coming again.\n\n"
        "{{organization}}",
    ),
    (Audience.CUSTOMERS, Moment.BACK): (
        "{{organization}}: the problems with {{service}} are back",
        "Hello,\n\nwe told you that the problems with {{service}} were over. They are back since {{back}}.\n\n"
        "What you may notice: {{impact}}\n\n"
        "We are working on it with all we have. You hear from us again by {{next_update_by}}, and as soon as it is "
        "over.\n\nWe are sorry that we said so too early.\n\n{{organization}}",
    ),
    (Audience.EXECUTIVES, Moment.FIRST): (
        "{{severity}}: {{title}}",
        f"{_FACTS}\n\nWhat is needed from you: nothing for now. The next update comes by {{{{next_update_by}}}}.\n\n"
        "Details: {{link}}",
    ),
    (Audience.EXECUTIVES, Moment.UPDATE): (
        "{{severity}}, {{status}}: {{title}}",
        f"{_FACTS}\nCustomers are harmed: {{{{lasted}}}}\n\n{{{{last_update}}}}\n\n"
        "The next update comes by {{next_update_by}}.\n\nDetails: {{link}}",
    ),
    (Audience.EXECUTIVES, Moment.RESOLVED): (
        "Resolved: {{title}}",
        f"{_FACTS}\n{_END}\n\n"
        "The review follows; it says what happened and what is done about it.\n\nDetails: {{link}}",
    ),
    (Audience.EXECUTIVES, Moment.BACK): (
        "{{severity}} again: {{title}}",
        f"It was resolved, and is back since {{{{back}}}}.\n\n{_FACTS}\n\n"
        "What is needed from you: nothing for now. The next update comes by {{next_update_by}}.\n\nDetails: {{link}}",
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
        f"{_FACTS}\n{_END}\n\nDetails: {{{{link}}}}",
    ),
    (Audience.INTERNAL, Moment.BACK): (
        "{{severity}} again: {{title}}",
        f"It was resolved, and is back since {{{{back}}}}.\n\n{_FACTS}\n\nThe next update comes by "
        "{{next_update_by}}. Details: {{link}}",
    ),
}
