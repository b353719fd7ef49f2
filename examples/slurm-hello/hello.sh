# Runs on each node of the run: says which node this is and which of its devices it was given.
set -eu
echo "node ${SLURMD_NODENAME:-$(hostname)}, rank ${FABRICA_NODE_RANK:-0} of ${FABRICA_NODES:-1}, devices ${CUDA_VISIBLE_DEVICES:-none}"
if [ "${FABRICA_NODE_RANK:-0}" = 0 ]; then
    echo "${SLURM_JOB_NODELIST:-$(hostname)}: ${CUDA_VISIBLE_DEVICES:-none} on each" > devices.txt
fi
