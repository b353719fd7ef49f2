"""The numbering of the kernel's columns: one name per number, shared by the kernel, the live broker and the twin.

An unknown number is NaN. Device-milliseconds and bytes stay exact up to 2^53, about 9e15.
"""

# One row of `facts` per candidate. Flags are 0.0 or 1.0. From COUNTRY_ALLOWED on a column may differ from run to run.
(
    AGENT_AGE_SECONDS,
    DRAINING,
    SIMULATED,
    RESOURCE_CLASS,  # a code; the same number in `needs` means the same class
    SOFTWARE_STACK,  # a code, as above
    CONTAINERS,
    INTERACTIVE,  # NaN: not told, which is no
    NODES,
    DEVICES_PER_NODE,
    DEVICES_TOTAL,
    MEMORY_BYTES_PER_NODE,
    DISK_FREE_BYTES,
    TIME_LIMIT_SECONDS_MAX,
    NODES_PER_RUN_MAX,
    MAINTENANCE_STARTS_IN_SECONDS,  # NaN: none planned
    WAIT_Q50_SECONDS,
    WAIT_Q90_SECONDS,
    WAIT_SAMPLES,
    DEVICES_SPARE,
    RELATIVE_SPEED,
    DEVICE_WATTS,
    PUE,
    GCO2E_PER_KWH,
    FAILURE_SHARE,
    LINK_BYTES_PER_SECOND,
    COUNTRY_ALLOWED,
    SITE_ALLOWED,
    DECLINED,
    SITE_ACCOUNT,  # NaN: the site asks for none
    OWN_SITE,  # NaN: it is not one person's
    DATA_HERE_BYTES,
    ALLOCATION_FREE_MILLISECONDS,  # NaN: no allocation
    ALLOCATION_STARTS_IN_SECONDS,
    ALLOCATION_ENDS_IN_SECONDS,  # NaN: does not end
    RESERVE_MILLISECONDS,
    TIE,  # the lower wins when two scores are equal; NaN: never comes to a tie
) = range(36)
FACTS = 36

# The one vector `needs` of a run.
(
    NEEDS_RESOURCE_CLASS,
    NEEDS_SOFTWARE_STACK,  # NaN: any
    NEEDS_CONTAINERS,
    NEEDS_INTERACTIVE,
    NEEDS_NODES,
    NEEDS_DEVICES_PER_NODE,
    NEEDS_MEMORY_BYTES_PER_NODE,
    NEEDS_DISK_BYTES,
    NEEDS_TIME_LIMIT_SECONDS,
    NEEDS_EXPECTED_SECONDS,  # on the reference device; NaN: the time limit stands in
    NEEDS_DATA_BYTES,  # NaN: unknown
    NEEDS_ACCEPT_SIMULATED,
) = range(12)
NEEDS = 12

# The terms of the score, in the order of their weights; the first numbers of the vector `policy`.
TIME_TO_RESULT, CARBON, BALANCE, RISK, MOVEMENT = range(5)
TERMS = 5

# The rest of the vector `policy`.
POLICY_FRESH_SECONDS, POLICY_WAIT_SAMPLES_MIN, POLICY_PUE_ASSUMED = range(5, 8)

# The bits of `refused`, in the order in which people read the reasons.
(
    OTHER_SITE,
    NO_AGENT,
    STALE,
    TOO_FEW_DEVICES,
    ALLOCATION,
    NO_SITE_ACCOUNT,
    SITE_OF_ANOTHER,
    IS_DRAINING,
    IS_SIMULATED,
    ALREADY_DECLINED,
    OTHER_RESOURCE_CLASS,
    OTHER_SOFTWARE_STACK,
    NO_CONTAINERS,
    NOT_INTERACTIVE,
    OTHER_COUNTRY,
    TOO_FEW_NODES,
    TOO_MANY_NODES_FOR_ONE_RUN,
    TOO_LITTLE_MEMORY,
    TOO_LITTLE_DISK,
    TOO_LITTLE_TIME,
    MAINTENANCE,
) = range(21)
FILTERS = 21
