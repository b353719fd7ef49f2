"""Problems of the embedded network."""

from fabrica.wire.problems import FabricaError


class EmbeddedNotStarted(FabricaError):
    code = "embedded.not_started"
    status = 503
    title = "The embedded network did not come up"


class EmbeddedNotRunning(FabricaError):
    code = "embedded.not_running"
    status = 503
    title = "The embedded network is not up"
