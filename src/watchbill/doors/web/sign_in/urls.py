"""Every address of signing in. The names are those that allauth looks for."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from allauth.usersessions import views as sessions
from django.urls import URLPattern, path

from watchbill.doors.web.sign_in.screens import (
    activate_totp,
    marked,
    own_second_factor,
    own_security,
    part_of_signing_in,
    sign_out,
    to_provider,
)
from watchbill.doors.web.sign_in.setup import setup

urlpatterns: list[URLPattern] = [
    path("setup/<str:secret>", setup, name="setup"),
    path("sign-in", part_of_signing_in(marked(account.login)), name="account_login"),
    path("sign-in/code", part_of_signing_in(marked(mfa.authenticate)), name="mfa_authenticate"),
    path("sign-in/passkey", part_of_signing_in(marked(passkeys.login_webauthn)), name="mfa_login_webauthn"),
    path("sign-in/with/<str:provider_id>", part_of_signing_in(to_provider), name="openid_connect_login"),
    path("sign-in/with/<str:provider_id>/callback", part_of_signing_in(oidc.callback), name="openid_connect_callback"),
    path("sign-in/cancelled", part_of_signing_in(social.login_cancelled), name="socialaccount_login_cancelled"),
    path("sign-in/again", own_security(account.reauthenticate), name="account_reauthenticate"),
    path("sign-in/again/code", own_security(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("sign-in/again/passkey", own_security(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("sign-out", part_of_signing_in(sign_out), name="account_logout"),
    path("me/security", own_security(mfa.index), name="mfa_index"),
    path("me/security/password", own_security(account.password_change), name="account_change_password"),
    path("me/security/password/first", own_security(account.password_set), name="account_set_password"),
    path("me/security/authenticator", own_second_factor(activate_totp), name="mfa_activate_totp"),
    path("me/security/authenticator/remove", own_second_factor(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("me/security/codes", own_security(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "me/security/codes/new",
        own_second_factor(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "me/security/codes/download",
        own_security(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("me/security/passkeys", own_security(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("me/security/passkeys/add", own_second_factor(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("me/security/passkeys/<int:pk>", own_security(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "me/security/passkeys/<int:pk>/remove", own_second_factor(passkeys.remove_webauthn), name="mfa_remove_webauthn"
    ),
    path("me/security/sessions", own_security(sessions.list_usersessions), name="usersessions_list"),
]
