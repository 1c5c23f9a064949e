/// @file
/// What people set through the environment. A bad value ends the program with one sentence.
#pragma once

#include <initializer_list>

namespace t2t::cpu_device {

/// The whole number that the environment variable `name` holds; `absent` when it is unset or empty.
/// @param low, high what it may be
unsigned setting(const char* name, unsigned absent, unsigned low, unsigned high);

/// The one of `words` that the environment variable `name` holds, by its index; 0 when it is unset or empty.
unsigned setting_word(const char* name, std::initializer_list<const char*> words);

/// Says what is wrong with a setting, and ends the program.
[[noreturn]] void refuse_setting(const char* sentence);

/// Reads every setting, so that a bad one is told before anything has happened.
void check_settings();

}  // namespace t2t::cpu_device
