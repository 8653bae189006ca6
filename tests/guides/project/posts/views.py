from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render

from posts.models import Comment, Post


@login_required
def front(request):
    return render(request, "front.html", {"posts": Post.objects.all()})


@login_required
def post(request, pk):
    found = get_object_or_404(Post, pk=pk)
    if request.method == "POST":
        Comment.objects.create(author=request.user, post=found, text=request.POST["text"])
        return redirect("post", pk)
    return render(request, "post.html", {"post": found})
