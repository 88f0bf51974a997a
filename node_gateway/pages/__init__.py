"""Pages for everybody: what a shopper, a visitor or an auditor sees without any key."""
