#include "cli/run/command_line.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "cli/nearest.hpp"
#include "cli/output_file.hpp"
#include "cli/run/unserved.hpp"
#include "cli/usage_error.hpp"

namespace t2t::own {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> source_extensions{".cu", ".cpp", ".cc", ".cxx", ".c"};

std::string command_of(const CommandLine& line) {
    return line.watch ? "watch" : line.check ? "check" : "run";
}

/// Reads words one after the other.
class Words {
 public:
    explicit Words(const std::vector<std::string>& words) : words_(words) {}

    bool at_end() const { return next_ == words_.size(); }
    const std::string& take() { return words_[next_++]; }
    std::vector<std::string> take_all() {
        std::vector<std::string> rest(words_.begin() + static_cast<std::ptrdiff_t>(next_),
                                      words_.end());
        next_ = words_.size();
        return rest;
    }

    /// Whether `word` is the option `name`; `value` then gets what follows: `-DX`, `-D X`, `--draw=3`.
    bool is_option(const std::string& word, std::string_view name, std::string& value) {
        if (!word.starts_with(name)) return false;
        const bool is_long = name.starts_with("--");
        if (word.size() > name.size()) {
            if (is_long && word[name.size()] != '=') return false;
            value = word.substr(name.size() + (is_long ? 1 : 0));
            return true;
        }
        if (at_end()) throw cli::UsageError(word + " needs a value behind it");
        value = take();
        return true;
    }

 private:
    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
};

unsigned seconds_in(const std::string& text) {
    unsigned seconds = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, seconds);
    if (read.ec != std::errc() || read.ptr != end || seconds == 0 || seconds > 86'400) {
        throw cli::UsageError("--timeout is '" + text +
                              "'; it must be a whole number of seconds from 1 to 86400");
    }
    return seconds;
}

std::string standard_in(const std::string& name) {
    for (const std::string_view prefix : {"c++", "gnu++"}) {
        if (!name.starts_with(prefix)) continue;
        const std::string standard = name.substr(prefix.size());
        if (standard == "14" || standard == "11")
            return "17";  // a program of these is one of C++17
        if (standard == "17" || standard == "20") return standard;
    }
    throw cli::UsageError("-std=" + name + " is not served; use -std=c++17 or -std=c++20");
}

// nvcc's options by their names, which nvcc takes behind one dash or two.

/// With a value, and about what this command does anyway, or how fast the code is.
constexpr std::string_view values_without_meaning_here =
    " arch gpu-architecture code gpu-code gencode generate-code rdc relocatable-device-code Xptxas ptxas-options "
    "Xnvlink nvlink-options Xfatbin fatbin-options maxrregcount ccbin compiler-bindir cudart O optimize dopt t threads "
    "split-compile ftz fmad prec-div prec-sqrt diag-suppress diag-warn Werror default-stream m machine x ";

/// The same without a value.
constexpr std::string_view flags_without_meaning_here =
    " g debug G device-debug lineinfo generate-line-info src-in-ptx source-in-ptx w disable-warnings dc device-c "
    "use_fast_math restrict extended-lambda extra-device-vectorization res-usage resource-usage v verbose keep run "
    "allow-unsupported-compiler m64 ";

/// Those that make something else than a program.
constexpr std::string_view makes_no_program =
    " c compile ptx cubin fatbin E preprocess M MD MM MMD generate-dependencies dlink device-link shared dryrun "
    "cuda ";

/// The name of an option without dashes and value: `gencode` of `--gencode=arch=…`.
std::string bare_name(const std::string& word) {
    const std::size_t first = std::min(word.find_first_not_of('-'), word.size());
    return word.substr(first, word.find('=') - first);
}

bool is_one_of(std::string_view names, const std::string& word) {
    return names.find(' ' + bare_name(word) + ' ') != names.npos;
}

/// What nvcc calls the options of this command, too.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> other_names{{
    {"--compiler-options", "-Xcompiler"},
    {"--linker-options", "-Xlinker"},
    {"--library-path", "-L"},
    {"--library", "-l"},
    {"--define-macro", "-D"},
    {"--undefine-macro", "-U"},
    {"--include-path", "-I"},
    {"--system-include", "-I"},
    {"-isystem", "-I"},
    {"--pre-include", "-include"},
    {"--output-file", "-o"},
}};

/// The words, each of nvcc's other names as this command's own.
std::vector<std::string> with_own_names(const std::vector<std::string>& words) {
    std::vector<std::string> result;
    bool are_options = true;
    for (const std::string& word : words) {
        are_options = are_options && word != "--";
        const std::size_t equals = word.find('=');
        const auto* other = std::ranges::find(other_names, word.substr(0, equals),
                                              &decltype(other_names)::value_type::first);
        if (!are_options || other == other_names.end()) {
            result.push_back(word);
            continue;
        }
        result.emplace_back(other->second);
        if (equals != word.npos) result.push_back(word.substr(equals + 1));
    }
    return result;
}

bool is_without_meaning_here(const std::string& word) {
    for (const std::string_view family : {"-O", "-W", "-expt-", "--expt-"}) {
        if (word.starts_with(family) && word.size() > family.size()) return true;
    }
    return is_one_of(flags_without_meaning_here, word) ||
           is_one_of(values_without_meaning_here, word);
}

/// Whether the value of such an option is the next word: `-arch sm_80`.
bool has_next_word(const std::string& word) {
    return is_one_of(values_without_meaning_here, word) && word.find('=') == word.npos;
}

/// A library of CUDA's own: the runtime is linked in any case, and what else is not served is told where its
/// header is included.
bool is_library_of_cuda(std::string_view name) {
    for (const std::string_view one :
         {"cuda", "cudart", "cudart_static", "cudadevrt", "nvToolsExt"}) {
        if (name == one) return true;
    }
    return !library_of_header(name).empty();
}

/// `-fopenmp,-O3` as separate words.
std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, ',');) words.push_back(word);
    return words;
}

/// The macro that `-D` defines; `N`, `N=1024` or `MAX(a,b)=…`.
std::string definition_in(const std::string& text) {
    const auto is_letter = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    };
    const std::string name = text.substr(0, text.find_first_of("=("));
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ||
        !std::ranges::all_of(name, is_letter)) {
        throw cli::UsageError("-D defines '" + name +
                              "', which is no name; write letters, digits and _, such as -DN=1024");
    }
    return text;
}

[[noreturn]] void refuse_option(const CommandLine& line, const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    if (is_one_of(makes_no_program, name)) {
        throw cli::UsageError(name + " makes something else than a program; ./t2t " +
                              command_of(line) +
                              " compiles all files and runs the program, so leave it out");
    }
    for (const std::string_view of_the_compiler :
         {"-f", "-march", "-mtune", "-mavx", "-msse", "-pthread", "-pedantic", "-static"}) {
        if (!name.starts_with(of_the_compiler)) continue;
        throw cli::UsageError(word + " is the C++ compiler's; write -Xcompiler " + word +
                              ", as with nvcc");
    }
    const std::string see = "; see ./t2t " + command_of(line) + " --help";
    std::vector<std::string> names{"--timeout", "--all-errors", "--help"};
    if (line.watch) names.push_back("--check");
    if (line.check || line.watch)
        names.insert(names.end(), {"--annotate", "--json", "--draw", "--out"});
    const std::string meant = cli::nearest(name, names);
    if (!meant.empty()) {
        throw cli::UsageError("unknown option '" + name + "'; did you mean '" + meant + "'?");
    }
    throw cli::UsageError("unknown option '" + name + "'" + see +
                          ", and put -- before the program's own arguments");
}

void require_source(const CommandLine& line, const fs::path& file) {
    std::error_code ignored;
    const std::string name = "'" + file.string() + "'";
    if (file.string().find('\n') != std::string::npos) {
        throw cli::UsageError("the name of a file has an end of line in it; rename the file");
    }
    if (fs::is_directory(file, ignored)) {
        throw cli::UsageError(name + " is a folder; name the .cu files in it");
    }
    if (!fs::exists(file, ignored)) {
        const bool is_argument = !line.files.empty() && file.extension() != ".cu";
        throw cli::UsageError("there is no file " + name +
                              (is_argument ? "; put -- before the program's own arguments" : ""));
    }
    const std::string extension = file.extension().string();
    if (std::ranges::find(source_extensions, extension) != source_extensions.end()) return;
    if (extension == ".cuh" || extension == ".h" || extension == ".hpp") {
        throw cli::UsageError(name + " is a header; name the .cu file that includes it");
    }
    throw cli::UsageError(name + " is no source file: .cu, .cpp, .cc, .cxx or .c; " +
                          (line.files.empty() ? "rename it to .cu if it is CUDA"
                                              : "put -- before the program's own arguments"));
}

/// Is there a program at `file`, and not a text that somebody wrote?
bool is_program(const fs::path& file) {
    std::array<char, 4> begin{};
    std::ifstream(file, std::ios::binary).read(begin.data(), begin.size());
    return std::string_view(begin.data(), begin.size()) ==
           "\x7f"
           "ELF";
}

void require_output(const fs::path& file) {
    const std::string name = "'" + file.string() + "'";
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) {
        throw cli::UsageError("-o names the folder " + name + "; name a file in it, such as " +
                              (file / "program").string());
    }
    if (fs::is_regular_file(file, ignored) && !is_program(file)) {
        throw cli::UsageError("-o would overwrite " + name +
                              ", which is no program; name another file");
    }
    cli::require_writable("-o", file.string());
}

}  // namespace

CommandLine parse(const std::vector<std::string>& all_words) {
    CommandLine line;
    const std::vector<std::string> own_words = with_own_names(all_words);
    Words words(own_words);
    const std::string& command = words.take();
    line.check = command == "check";
    line.watch = command == "watch";
    std::string value;
    while (!words.at_end()) {
        const std::string& word = words.take();
        const bool checks = line.check || line.watch;
        if (word == "--") {
            line.arguments = words.take_all();
        } else if (word.starts_with('-') && is_without_meaning_here(word)) {
            if (has_next_word(word) && !words.at_end()) words.take();
        } else if (word == "--help" || word == "-h") {
            line.help = true;
        } else if (word == "--all-errors") {
            line.all_errors = true;
        } else if (word == "--check" && line.watch) {
            line.check = true;
        } else if (word == "--annotate" && checks) {
            line.check = line.annotate = true;
        } else if (checks && words.is_option(word, "--json", value)) {
            line.check = true;
            line.json = value;
        } else if (checks && words.is_option(word, "--draw", value)) {
            line.check = true;
            line.draw = value;
        } else if (checks && words.is_option(word, "--out", value)) {
            line.picture = value;
        } else if (words.is_option(word, "--timeout", value)) {
            line.timeout = seconds_in(value);
        } else if (words.is_option(word, "--std", value) || words.is_option(word, "-std", value)) {
            line.standard = standard_in(value.starts_with('=') ? value.substr(1) : value);
        } else if (word == "-include" && words.is_option(word, "-include", value)) {
            line.first_headers.push_back(value);
        } else if (words.is_option(word, "-I", value)) {
            line.include_dirs.push_back(value);
        } else if (words.is_option(word, "-D", value)) {
            line.definitions.push_back(definition_in(value));
        } else if (words.is_option(word, "-U", value)) {
            line.host_options.push_back("-U" + value);
        } else if (words.is_option(word, "-o", value)) {
            line.output = value;
        } else if (words.is_option(word, "-Xcompiler", value)) {
            if (value.starts_with('=')) value.erase(0, 1);
            for (const std::string& option : split_at_commas(value)) {
                line.host_options.push_back(option);
            }
        } else if (words.is_option(word, "-Xlinker", value)) {
            if (value.starts_with('=')) value.erase(0, 1);
            line.libraries.insert(line.libraries.end(), {"-Xlinker", value});
        } else if (words.is_option(word, "-l", value)) {
            if (!is_library_of_cuda(value)) line.libraries.push_back("-l" + value);
        } else if (words.is_option(word, "-L", value)) {
            line.libraries.push_back("-L" + value);
        } else if (word.starts_with("-")) {
            refuse_option(line, word);
        } else {
            require_source(line, word);
            line.files.push_back(word);
        }
    }
    if (line.help) return line;
    if (line.files.empty()) {
        throw cli::UsageError("./t2t " + command + " needs a file, such as ./t2t " + command +
                              " vector_add.cu");
    }
    std::error_code ignored;
    for (const fs::path& dir : line.include_dirs) {
        if (!fs::is_directory(dir, ignored)) {
            throw cli::UsageError("-I names '" + dir.string() + "', which is no folder");
        }
    }
    for (const fs::path& header : line.first_headers) {
        if (!fs::is_regular_file(header, ignored)) {
            throw cli::UsageError("-include names '" + header.string() + "', which is no file");
        }
    }
    for (const fs::path& file : line.files) {
        if (!line.output.empty() && fs::equivalent(file, line.output, ignored)) {
            throw cli::UsageError("-o would overwrite the source file '" + file.string() +
                                  "'; name another file");
        }
    }
    if (!line.output.empty()) require_output(line.output);
    return line;
}

std::string help_of(const CommandLine& line) {
    const std::string command = command_of(line);
    std::string text;
    if (command == "run") {
        text =
            "Compiles CUDA files of your own and runs the program; no GPU is needed.\n\n"
            "Usage: ./t2t [--device cpu|cuda] run FILE.cu [FILE …] [OPTIONS] [-- ARGUMENTS]\n";
    } else if (command == "check") {
        text =
            "Compiles and runs CUDA files of your own and sees every access of every thread: faults, and memory\n"
            "traffic by source line. Exit code 1 when there is a fault, else the program's own.\n\n"
            "Usage: ./t2t check FILE.cu [FILE …] [OPTIONS] [-- ARGUMENTS]\n";
    } else {
        text =
            "Runs or checks CUDA files of your own again each time that one of them is saved. Ctrl-C ends it.\n\n"
            "Usage: ./t2t watch FILE.cu [FILE …] [--check] [OPTIONS] [-- ARGUMENTS]\n";
    }
    text +=
        "\n  FILE               .cu, .cpp, .cc, .cxx or .c; headers are found by #include\n"
        "  -I DIR             a folder where headers are looked for\n"
        "  -include FILE      a header that every .cu file reads first\n"
        "  -D NAME[=VALUE]    defines a macro\n"
        "  -std=c++17|20      the language; C++17 unless you say so, as with nvcc\n"
        "  -o PROGRAM         keeps the program, to be run without this command\n"
        "  --timeout SECONDS  ends the program after that time, with exit code 124\n"
        "  --all-errors       every error of the compiler, not only the first\n";
    if (command == "watch")
        text += "  --check            checks in place of running; so do the next four\n";
    if (command != "run") {
        text +=
            "  --annotate         the source with its traffic beside each line, instead of tables\n"
            "  --draw LINE        draws which lane touches what in a request of this line, or of FILE:LINE\n"
            "  --out FILE.svg     where --draw puts its picture [check.svg]\n"
            "  --json FILE        writes all there is to a file; - is standard output\n";
    }
    text +=
        "  -- ARGUMENTS       the program's own arguments\n\n"
        "nvcc's options about architectures, optimisation and debugging are taken and have no effect.\n\n"
        "Example: ./t2t " +
        command + " vector_add.cu -- 1000\n";
    return text;
}

}  // namespace t2t::own
