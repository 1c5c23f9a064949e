#include "cli/program.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <iostream>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/nearest.hpp"
#include "cli/usage_error.hpp"
#include "common/text.hpp"

namespace t2t::cli {
namespace {

// CLI11 reads some values as its own syntax: "[a,b]" and "[[a]]" as lists, "{}" as an empty list, "%%"
// as a separator, "++" as the end of a command. A value that ends in this character is none of these.
// No word of a command line can hold it.
constexpr char mark = '\0';

std::string without_mark(std::string word) {
    if (word.ends_with(mark)) word.pop_back();
    return word;
}

bool is_option(const std::string& word) {
    return word.starts_with('-') && word.find('=') == word.npos;
}

/// Lets every option of every command see its value without the mark, before anything checks it.
/// Options of several values keep it until add_texts() takes it off: CLI11 would look at them again.
void unmark_values(CLI::App& app) {
    for (CLI::Option* option : app.get_options()) {
        if (option->get_items_expected_max() > 1) continue;
        option->transform(CLI::Validator(
            [](std::string& value) {
                value = without_mark(std::move(value));
                return std::string();
            },
            ""));
    }
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
        unmark_values(*command);
    }
}

/// The command that a line names, such as `dev check`.
struct Command {
    CLI::App* app;
    std::string line;   ///< `./t2t dev check`
    std::size_t words;  ///< how many words name it
};

Command find_command(CLI::App& app, const std::vector<std::string>& words) {
    Command command{&app, "./t2t", 0};
    for (const std::string& word : words) {
        const auto named = command.app->get_subcommands(
            [&](const CLI::App* subcommand) { return subcommand->get_name() == word; });
        if (named.empty()) break;
        command = {named.front(), command.line + ' ' + word, command.words + 1};
    }
    return command;
}

/// The option of `app` that `word` is meant to be; empty: none.
std::string nearest_option(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return nearest(word, names);
}

/// What is wrong with the first of the words that nothing of the command takes.
std::string unexpected_word(const Command& command) {
    std::vector<std::string> words = command.app->remaining(true);
    std::erase(words, "--");
    const std::string word = words.empty() ? "" : without_mark(words.front());
    const std::string see = "; see " + command.line + " --help";
    if (!word.starts_with('-')) return "'" + word + "' is one word too many" + see;

    const std::string name = word.substr(0, word.find('='));
    const std::string nearest = nearest_option(*command.app, name);
    const std::string unknown = "unknown option '" + name + "'";
    if (!nearest.empty()) return unknown + "; did you mean '" + nearest + "'? See" + see.substr(5);
    const auto options = command.app->get_options();
    const bool takes_texts = std::ranges::any_of(options, [](const CLI::Option* option) {
        return option->get_positional() && option->get_items_expected_max() > 1;
    });
    if (!takes_texts) return unknown + see;
    return unknown + see + ", and put -- before a text that begins with -";
}

/// The number that `text` is as a whole; nothing: it is none, or beyond the type.
template <typename Number>
std::optional<Number> number_in(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    Number number{};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return number;
}

/// Adds an option whose text `read` makes a number of; it throws UsageError where there is none.
template <typename Number, typename Read>
CLI::Option* add_number_option(CLI::App& command, const std::string& name, Number& value,
                               const std::string& description, Read read) {
    return command
        .add_option_function<std::string>(
            name, [&value, read](const std::string& text) { value = read(text); }, description)
        ->default_str(formatted("%.6Lg", static_cast<long double>(value)));
}

}  // namespace

template <typename Number>
CLI::Option* add_whole_number(CLI::App& command, const std::string& name, Number& value, Number low,
                              Number high, const std::string& description) {
    const auto read = [name, low, high](const std::string& text) {
        const std::optional<Number> number = number_in<Number>(text);
        if (number && *number >= low && *number <= high) return *number;
        throw UsageError(name + " is '" + text + "'; it must be a whole number from " +
                         std::to_string(low) + " to " + std::to_string(high));
    };
    return add_number_option(command, name, value, description, read);
}
template CLI::Option* add_whole_number(CLI::App&, const std::string&, int&, int, int,
                                       const std::string&);
template CLI::Option* add_whole_number(CLI::App&, const std::string&, std::int64_t&, std::int64_t,
                                       std::int64_t, const std::string&);
template CLI::Option* add_whole_number(CLI::App&, const std::string&, std::uint64_t&, std::uint64_t,
                                       std::uint64_t, const std::string&);

CLI::Option* add_number(CLI::App& command, const std::string& name, double& value,
                        const std::string& description) {
    const auto read = [name](const std::string& text) {
        const std::optional<double> number = number_in<double>(text);
        if (number && std::isfinite(*number)) return *number;
        throw UsageError(name + " is '" + text + "'; it must be a number, such as 0.5");
    };
    return add_number_option(command, name, value, description, read);
}

CLI::Option* add_texts(CLI::App& command, const std::string& name, std::vector<std::string>& texts,
                       const std::string& description) {
    return command.add_option_function<std::vector<std::string>>(
        name,
        [&texts](const std::vector<std::string>& marked) {
            texts.clear();
            std::ranges::transform(marked, std::back_inserter(texts), without_mark);
        },
        description);
}

int run_program(void (*add_commands)(CLI::App&), int argument_count, char** arguments) {
    CLI::App app{"Threads to Tokens: a CUDA course in code", "t2t"};
    add_commands(app);
    app.require_subcommand(1);
    std::vector<std::string> words(arguments + 1, arguments + argument_count);
    const Command command = find_command(app, words);
    for (std::size_t i = command.words; i < words.size(); ++i) {
        if (!is_option(words[i])) words[i] += mark;
    }
    unmark_values(app);
    std::ranges::reverse(words);  // CLI11 takes them from the end
    try {
        app.parse(std::move(words));
        if (!std::cout.flush()) throw std::runtime_error("cannot write to standard output");
        return 0;
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::RuntimeError& reported) {
        return reported.get_exit_code();
    } catch (const CLI::ExtrasError&) {
        std::cerr << "t2t: " << unexpected_word(command) << '\n';
        return 2;
    } catch (const CLI::ParseError& error) {
        std::cerr << "t2t: " << error.what() << "; see " << command.line << " --help\n";
        return 2;
    } catch (const UsageError& error) {
        std::cerr << "t2t: " << error.what() << '\n';
        return 2;
    } catch (const std::bad_alloc&) {
        std::cerr << "t2t: this machine has too little memory left for that\n";
        return 1;
    } catch (const std::exception& error) {
        std::cerr << "t2t: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace t2t::cli
