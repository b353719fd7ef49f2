"""WSGI entry point. The server is threaded: a long poll or a log stream holds a thread, and nothing else."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.server.config.settings")
application = get_wsgi_application()
