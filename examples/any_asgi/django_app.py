"""Django without Channels: `uvicorn examples.any_asgi.django_app:app` serves it."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from examples.any_asgi.live import Live, log_out

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="an example")


async def logout(request: HttpRequest) -> HttpResponse:
    """End the session of the caller. A view without `async def` runs in another thread."""
    return HttpResponse(str(log_out(request.COOKIES["session"])))


urlpatterns = [path("logout", logout)]
app = Live(get_asgi_application())
