"""What commands read: options, the project, inventories, and where a run comes from."""
