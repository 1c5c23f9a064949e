# Doxygen reads headers through this: what every reader knows, or what is said once elsewhere, gets its
# documentation here and needs none in the source. Each line keeps its place.

# `Matmul v1_naive;` The rung's idea stands in the ladder below it, the rest at the top of its file.
s|^[A-Z][A-Za-z0-9]* (v[0-9]+_[a-z0-9_]+);$|& ///< A rung of the ladder; `\1.cu` says what it does and what was measured.|

# `template <typename T>`, and on the next line `void v1_naive(…`: the same.
s|^void (v[0-9]+_[a-z0-9_]+)\(|/** A rung of the ladder; `\1.cu` says what it does and what was measured. */ &|

# Moves, ranges, comparisons.
s|^ +([A-Z][A-Za-z]*)\(\1&& [a-z]+\)|/** Takes over what the other one holds. */ &|
s|^ +[A-Z][A-Za-z]*& operator=\([A-Z][A-Za-z]*&& [a-z]+\)|/** Takes over what the other one holds. */ &|
s|^ +(constexpr )?auto begin\(\) const|/** The first element. */ &|
s|^ +(constexpr )?auto end\(\) const|/** Past the last element. */ &|
s|^ +(constexpr )?bool operator==\(const [A-Z][A-Za-z]*&\) const = default;|/** Are all members equal? */ &|
