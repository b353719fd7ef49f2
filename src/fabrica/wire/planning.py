"""Named problems of planning: traces that cannot be read, and clusters that cannot be."""

from fabrica.wire.problems import FabricaError


class TraceMalformed(FabricaError):
    """A file of jobs has a line that cannot be what it should be. The facts give the line and the column."""

    code = "planning.trace_malformed"
    status = 422
    title = "The trace has a mistake"


class ReaderMissing(FabricaError):
    code = "planning.reader_missing"
    status = 422
    title = "A package that reads this kind of file is not installed"


class JobsTooLarge(FabricaError):
    """Jobs ask for more units than the cluster has, so they would wait for ever. The facts name the first of them."""

    code = "planning.jobs_too_large"
    status = 422
    title = "Jobs are larger than the cluster"


class LimitsMissing(FabricaError):
    code = "planning.limits_missing"
    status = 422
    title = "The trace gives no time limits"


class ClusterImpossible(FabricaError):
    code = "planning.cluster_impossible"
    status = 422
    title = "There is no such cluster"


class OptionsImpossible(FabricaError):
    """Rules of a replay that do not go together, or with the trace."""

    code = "planning.options_impossible"
    status = 422
    title = "A replay cannot have these rules"


class OutputNotWritten(FabricaError):
    code = "planning.output_not_written"
    status = 500
    title = "A file could not be written"


class ScenarioMalformed(FabricaError):
    """A scenario has a key that is unknown, missing or cannot be. The facts give the line."""

    code = "planning.scenario_malformed"
    status = 422
    title = "The scenario has a mistake"


class NetworkImpossible(FabricaError):
    """A scenario's network cannot be run: it is empty, names what is not there, or its jobs cannot fit."""

    code = "planning.network_impossible"
    status = 422
    title = "The network cannot be simulated like this"


class CompilerMissing(FabricaError):
    code = "planning.compiler_missing"
    status = 422
    title = "The simulation needs a package that is not installed"
