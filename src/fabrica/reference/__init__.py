"""The package's own data: network, grid, accelerators, run purposes and a map, each fact with source and date."""
