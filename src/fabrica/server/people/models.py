"""Tables of people: users, organisations, projects, memberships, access tokens."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from fabrica.server.core.actors import NetworkRole
from fabrica.server.core.fields import IdField
from fabrica.values.ids import OrganisationId, ProjectId, UserId


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Network roles are given by the network's office; `is_staff` opens the operators' admin."""

    id = IdField(UserId, primary_key=True)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    network_role = models.CharField(
        max_length=20, blank=True, default="", choices=[(role.value, role.value) for role in NetworkRole]
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    session_generation = models.PositiveIntegerField(default=0)
    mail_wanted = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry: a session of an earlier generation is over for good."""
        return f"{super().get_session_auth_hash()}{self._generation()}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under the server's earlier secrets."""
        for earlier in super().get_session_auth_fallback_hash():
            yield f"{earlier}{self._generation()}"

    def _generation(self) -> str:
        return f".{self.session_generation}" if self.session_generation else ""


class Organisation(models.Model):
    """A legal entity: start-up, SME, research body, public body."""

    id = IdField(OrganisationId, primary_key=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True, default="")
    kind = models.CharField(max_length=20, default="unknown")

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    id = IdField(ProjectId, primary_key=True)
    name = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="projects")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one user may do in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role, role) for role in ("lead", "member", "reader")])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_a_member")]


class AccessToken(models.Model):
    """A token a person's programs show. Only its SHA-256 is kept, and the day of its last use."""

    sha256 = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True)
