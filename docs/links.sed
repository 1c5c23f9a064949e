# Doxygen reads Markdown pages through this: a link to a folder or to a source file, which GitHub shows and
# the API pages do not hold, becomes its text.
s/(^|[^!])\[([^]]*)\]\(([A-Za-z0-9_./-]+\/|[A-Za-z0-9_./-]*\/[A-Za-z0-9_-]+|[A-Za-z0-9_./-]+\.(cu|cuh|cpp|hpp|cmake|sh)|LICENSE)\)/\1\2/g
