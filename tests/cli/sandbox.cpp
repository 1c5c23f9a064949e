#include "tests/cli/sandbox.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace t2t::tests {
namespace {

namespace fs = std::filesystem;

// What every Debian has: the script may use these and no others.
constexpr const char* base_programs[] = {
    "awk",   "bash", "cat",  "dirname", "mktemp", "tee",  "chmod", "env",      "flock",
    "df",    "grep", "head", "ln",      "mkdir",  "mv",   "nproc", "rm",       "sed",
    "sleep", "sort", "tail", "stty",    "touch",  "true", "paste", "readlink", "realpath"};

// Configures and builds: a build makes the program of its target, which says how it was called.
constexpr const char* cmake = R"(
while (($#)); do
    case $1 in
        --version) echo "cmake version 3.25.1"; exit ;;
        -S) source=$2 ;;
        -B) folder=$2 ;;
        --build) build=$2 ;;
        --preset) folder=build/$2 ;;
        t2t_*_program) program=${1%_program} ;;
    esac
    shift
done
if [[ -n ${build:-} ]]; then
    echo "[1/2] Building CXX object common/CMakeFiles/t2t_lab.dir/compare.cpp.o"
    echo "[2/2] Linking CXX executable bin/${program:-tests}"
    mkdir -p "$build/bin"
    [[ -n ${program:-} ]] || exit 0
    printf '#!/usr/bin/env bash\necho "the program: $*"\n' > "$build/bin/$program"
    chmod +x "$build/bin/$program"
else
    mkdir -p "$folder"
    touch "$folder/build.ninja"
    compiler=$(command -v -- ${CXX:-c++} || true)
    {
        echo "CMAKE_HOME_DIRECTORY:INTERNAL=$source"
        echo "CMAKE_CXX_COMPILER:FILEPATH=$compiler"
    } > "$folder/CMakeCache.txt"
fi)";

constexpr const char* dpkg_query = R"(
shift 3
for package in "$@"; do
    if grep -qFx "$package" "$SANDBOX/installed"; then echo "$package installed"; fi
done)";

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

}  // namespace

std::string contents(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

Sandbox::Sandbox() {
    std::string name = (fs::temp_directory_path() / "t2t_sandbox_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create " + name);
    folder_ = name;

    fs::create_directories(root() / "cli");
    fs::create_directories(root() / ".ci");
    for (const char* script : {"t2t", ".ci/run"}) fs::copy_file(script, root() / script);
    for (const char* part : {"setup.sh", "build.sh", "test.sh", "doctor.sh"}) {
        fs::copy_file(fs::path("cli") / part, root() / "cli" / part);
    }
    for (const char* chapter : {"01_vector_add", "02_memory_access", "03_shared_memory"}) {
        fs::create_directories(root() / "chapters" / chapter);
    }

    fs::create_directories(folder_ / "bin");
    for (const std::string program : base_programs) {
        for (const fs::path place : {"/usr/bin", "/bin"}) {
            if (!fs::exists(place / program)) continue;
            fs::create_symlink(place / program, folder_ / "bin" / program);
            break;
        }
    }
    write(folder_ / "installed",
          "libboost-context-dev\nlibgtest-dev\nlibbenchmark-dev\nlibcli11-dev\n"
          "nlohmann-json3-dev\nlibpcre2-dev\nlibutf8proc-dev\ndoxygen-awesome-css\n");
    program("cmake", cmake);
    program("ctest", "echo '100% tests passed, 0 tests failed out of 7'");
    program("ninja", "echo 1.11.1");
    program("c++", "case $1 in --version) echo 'c++ (Debian)' ;; *) echo 12.2.0 ;; esac");
    program("apt-get", "exit 1");
    program("id", "echo 0");  // root, whoever runs the tests
    program("dpkg-query", dpkg_query);
    for (const char* tool : {"doxygen", "dot", "clang-format-14"}) program(tool, "true");
}

Sandbox::~Sandbox() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void Sandbox::program(const std::string& name, const std::string& body) {
    const fs::path path = folder_ / "bin" / name;
    fs::remove(path);
    write(path, "#!/usr/bin/env bash\nprintf '%s\\n' \"" + name + " $*\" >> \"$SANDBOX/calls\"\n" +
                    body + "\n");
    fs::permissions(path, fs::perms::all);
}

void Sandbox::remove(const std::string& name) {
    fs::remove(folder_ / "bin" / name);
}

void Sandbox::uninstall(const std::string& package) {
    std::istringstream lines(contents(folder_ / "installed"));
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        if (line != package) kept += line + '\n';
    }
    write(folder_ / "installed", kept);
}

Outcome Sandbox::t2t(const std::string& words, const std::string& before) const {
    return shell(before + " \"$T2T\" " + words);
}

Outcome Sandbox::shell(const std::string& line) const {
    const std::string in = "'" + folder_.string() + "'/";
    write(folder_ / "line", line);
    const int status = std::system(
        ("env -i HOME=/ SANDBOX=" + in + " PATH=" + in + "bin CUDA_HOME=" + in + "cuda T2T=" + in +
         "'a copy/t2t' bash " + in + "line </dev/null >" + in + "output 2>" + in + "errors")
            .c_str());
    return {WEXITSTATUS(status), contents(folder_ / "output"), contents(folder_ / "errors")};
}

std::string Sandbox::calls() const {
    return contents(folder_ / "calls");
}

}  // namespace t2t::tests
