/// @file
/// Running or checking a program again at each save.
#pragma once

#include "cli/run/command_line.hpp"

namespace t2t::own {

/// Runs what `line` names, and again whenever one of its files changes, until Ctrl-C ends it. A program that
/// still runs then is ended first.
int watch(const CommandLine& line);

}  // namespace t2t::own
