"""The one-time link: the first owner's account, or a password for somebody who was invited."""

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.debug import sensitive_post_parameters

from watchbill.domain.access.actions import SetupLinkUnusable
from watchbill.domain.access.models import Role, User
from watchbill.domain.access.reads import setup_link_person
from watchbill.domain.people.account_actions import PASSWORD_MAX, check_password, redeem_setup_link
from watchbill.domain.people.rules import EMAIL_MAX, PERSON_NAME_MAX, PersonDraft, clean_email, clean_name
from watchbill.doors.callers import address_of
from watchbill.doors.web.forms import zone_choices
from watchbill.doors.web.guards import limited, open_to_all
from watchbill.doors.web.page import now_of, show
from watchbill.ground.refusals import ChangeRefused


def _password(label: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, widget=widget, strip=False, max_length=PASSWORD_MAX)


class PasswordForm(forms.Form):
    password = _password("Password")
    again = _password("The same again")

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def _check(self, name: str, check: Callable[[str], object]) -> None:
        if name not in self.cleaned_data:
            return
        try:
            check(self.cleaned_data[name])
        except ChangeRefused as refused:
            self.add_error(name, refused.reason[:1].upper() + refused.reason[1:])

    password.help_text = "At least 12 characters, better 15 or more. A few words are easier to remember than signs."

    def clean(self) -> dict[str, Any]:
        """Everything that is wrong is said at once, not one thing at each try."""
        cleaned = super().clean() or {}
        self._check("email", clean_email)
        self._check("name", partial(clean_name, longest=PERSON_NAME_MAX))
        somebody = self.person or User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
        self._check("password", partial(check_password, user=somebody))
        if "again" in cleaned and self.data.get("password") != cleaned["again"]:
            self.add_error("again", "The two are not the same. Type the password again.")
        return cleaned


class OwnerForm(PasswordForm):
    name = forms.CharField(
        label="Name", max_length=PERSON_NAME_MAX, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.CharField(
        label="E-mail address", max_length=EMAIL_MAX, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        initial="UTC",
        widget=forms.Select(attrs={"data-own-zone": ""}),
        help_text="All times are shown to you in this zone.",
        error_messages={"invalid_choice": "%(value)s is no time zone; choose one of the list."},
    )

    field_order = ("name", "email", "time_zone", "password", "again")


@open_to_all("the link itself is the key; it is used up by POST alone, because mail scanners open links")
@limited
@sensitive_post_parameters("password", "again")
def setup(request: HttpRequest, secret: str) -> HttpResponseBase:
    try:
        person = setup_link_person(secret, now=now_of(request))
        kind = OwnerForm if person is None else PasswordForm
        form = kind(request.POST if request.method == "POST" else None, person=person)
        if request.method == "POST" and form.is_valid():
            user = _redeem(request, secret, form)
            if user is not None:
                return _sign_in(request, user)
    except SetupLinkUnusable:
        return show(request, "sign_in/setup_over.html", status=410)
    return show(request, "sign_in/setup.html", {"form": form, "person": person})


def _redeem(request: HttpRequest, secret: str, form: PasswordForm) -> User | None:
    values = form.cleaned_data
    owner = None
    if isinstance(form, OwnerForm):
        owner = PersonDraft(email=values["email"], name=values["name"], role=Role.OWNER, time_zone=values["time_zone"])
    try:
        return redeem_setup_link(
            secret,
            password=values["password"],
            owner=owner,
            source_address=address_of(request),
            now=now_of(request),
        )
    except SetupLinkUnusable:
        raise
    except ChangeRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.reason)
        return None


def _sign_in(request: HttpRequest, user: User) -> HttpResponse:
    """Through the same steps as every sign-in: a second factor that was set up is asked for here as well."""
    request.session.flush()
    response: HttpResponse = perform_login(request, user, email_verification="none")
    if request.user.is_authenticated:
        # The password was chosen this moment: it is not asked for again at the first contact.
        record_authentication(request, user, method="password", reauthenticated=True)
    return response
