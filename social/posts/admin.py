from django import forms
from django.contrib import admin

from social.posts.models import Comment, Post


class WrittenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    autocomplete_fields = ["author"]
    date_hierarchy = "created_at"
    list_select_related = ["author"]
    readonly_fields = ["created_at", "updated_at"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "text":
            kwargs["widget"] = forms.Textarea
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Post)
class PostAdmin(WrittenAdmin):
    list_display = ["title", "author", "created_at"]
    search_fields = ["title", "author__username"]


@admin.register(Comment)
class CommentAdmin(WrittenAdmin):
    list_display = ["__str__", "post", "author", "created_at"]
    list_select_related = ["author", "post"]
    autocomplete_fields = ["author", "post"]
    search_fields = ["text", "author__username"]
