"""Named problems of siting: files of candidates and of outcomes that cannot be."""

from fabrica.wire.problems import FabricaError


class CandidatesRefused(FabricaError):
    """A file of candidate sites has an unknown key, lacks one, or a figure that cannot be. Facts give key and line."""

    code = "planning.candidates_refused"
    status = 422
    title = "The file of candidate sites has a mistake"


class OutcomesRefused(FabricaError):
    """A file of outcomes names a site that is no candidate, a figure that is none, or is not readable."""

    code = "planning.outcomes_refused"
    status = 422
    title = "The file of outcomes has a mistake"
