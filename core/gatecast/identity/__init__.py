"""Who a connection is, and the keys by which connections are found."""
