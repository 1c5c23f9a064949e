/// @file
/// What `t2t run` and `t2t check FILE.cu` tell the program that they start, through its environment. The
/// program takes these out of it, so that what it starts in turn is told nothing.
#pragma once

namespace t2t::own::setting_names {

inline constexpr const char* time_limit = "T2T_OWN_TIME_LIMIT";  ///< seconds; the program ends then
inline constexpr const char* check =
    "T2T_OWN_CHECK";  ///< the command that was typed; set: report at the end
inline constexpr const char* file = "T2T_OWN_FILE";          ///< the first of its source files
inline constexpr const char* annotate = "T2T_OWN_ANNOTATE";  ///< set: --annotate
inline constexpr const char* json = "T2T_OWN_JSON";          ///< the value of --json
inline constexpr const char* draw = "T2T_OWN_DRAW";          ///< the value of --draw
inline constexpr const char* picture = "T2T_OWN_PICTURE";    ///< the value of --out

}  // namespace t2t::own::setting_names
