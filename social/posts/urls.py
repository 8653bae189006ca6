from django.urls import path

from social.posts import views

urlpatterns = [
    path("posts/", views.PostList.as_view(), name="posts"),
    path("posts/<uuid:pk>/", views.PostDetail.as_view(), name="post"),
    path("posts/<uuid:pk>/comments/", views.CommentList.as_view(), name="comments"),
    path("comments/<uuid:pk>/", views.CommentDetail.as_view(), name="comment"),
]
