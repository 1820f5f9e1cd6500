"""The two tables of spec/database/schema.sql for the ORM, which does not make them."""

from django.db import models
from django.db.models.functions import Now


class User(models.Model):
    """A row of users."""

    email = models.TextField(unique=True)
    name = models.TextField()
    age = models.IntegerField()
    active = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Where it is kept."""

        managed = False
        db_table = "users"

    def __str__(self) -> str:
        return self.email


class UserEvent(models.Model):
    """A row of user_events."""

    user = models.ForeignKey(User, on_delete=models.DO_NOTHING)
    kind = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Where it is kept."""

        managed = False
        db_table = "user_events"

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"
