"""Questions of TPC-H as KPIs."""
