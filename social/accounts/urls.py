from django.urls import path

from social.accounts.views import Me

urlpatterns = [path("me/", Me.as_view(), name="me")]
