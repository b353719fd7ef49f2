"""Named problems of the training planner: models, pools and run files that cannot be."""

from fabrica.wire.problems import FabricaError


class ModelRefused(FabricaError):
    """A model's file has an unknown key, lacks one, or holds a shape that cannot be. The facts give key and line."""

    code = "planning.model_refused"
    status = 422
    title = "The model's file has a mistake"


class DeviceUnknown(FabricaError):
    code = "planning.device_unknown"
    status = 422
    title = "This accelerator is not known"


class PrecisionUnknown(FabricaError):
    code = "planning.precision_unknown"
    status = 422
    title = "The accelerator does not offer this precision"


class PoolRefused(FabricaError):
    """There is no such pool of accelerators: the count, the site, or what a site has."""

    code = "planning.pool_refused"
    status = 422
    title = "There is no such pool of accelerators"


class LayoutImpossible(FabricaError):
    """No layout fits the model on the pool. The facts name the nearest that would."""

    code = "planning.layout_impossible"
    status = 422
    title = "The model does not fit this pool"


class NumbersMissing(FabricaError):
    code = "planning.numbers_missing"
    status = 503
    title = "The package that calculates with columns of numbers is not installed"


class RunsMalformed(FabricaError):
    """A file of published runs has a mistake. The facts name the run and the key."""

    code = "planning.runs_malformed"
    status = 422
    title = "The file of runs has a mistake"
