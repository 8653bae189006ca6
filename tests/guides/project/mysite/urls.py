from django.contrib.auth.views import LoginView
from django.urls import path
from posts import views

urlpatterns = [
    path("", views.front, name="front"),
    path("post/<int:pk>/", views.post, name="post"),
    path("login/", LoginView.as_view(template_name="login.html")),
]
