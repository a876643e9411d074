"""What `verify` says becomes text. One file = one format; SARIF and JUnit are made by `renderers/findings`."""
