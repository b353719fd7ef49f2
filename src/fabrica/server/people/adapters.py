"""How people come in: the choices allauth asks of us."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Local accounts are made by the network's office unless the server opens sign-up."""

    def is_open_for_signup(self, request: Any) -> bool:
        return bool(settings.SIGN_UP_OPEN)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if settings.EMAIL_FROM:  # else it would be printed: a link that lets somebody in does not belong into a log
            super().send_mail(template_prefix, email, context)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever the organisation's identity provider vouches for may come in; roles are still given here."""

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return True

    def populate_user(self, request: Any, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or data.get("email") or "")[:120]
        return user
