/// @file
/// A machine to try the script `t2t` on: a copy of it in a folder of its own, and a PATH that holds only
/// what a test puts there.
#pragma once

#include <filesystem>
#include <string>

namespace t2t::tests {

/// What one call of the script did.
struct Outcome {
    int status;          ///< exit code
    std::string output;  ///< stdout
    std::string errors;  ///< stderr
};

/// A repository with the script and three empty chapters, and a machine that is Debian with every package
/// installed, no GPU and no CUDA toolkit, unless a test says otherwise. Everything is removed at the end.
class Sandbox {
 public:
    Sandbox();
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    /// Puts a program called `name` on the machine: a bash script with this body. Each call of it is also
    /// a line in calls(). The body finds the sandbox in $SANDBOX.
    void program(const std::string& name, const std::string& body);
    /// Takes a program off the machine.
    void remove(const std::string& name);
    /// Takes the package off the machine, as dpkg-query sees it.
    void uninstall(const std::string& package);

    /// Runs `./t2t words`; `before` stands before it on the shell's line: variables, or `cd … &&`.
    Outcome t2t(const std::string& words, const std::string& before = "") const;
    /// Runs a line of shell on this machine. The script is "$T2T".
    Outcome shell(const std::string& line) const;

    /// The programs called so far, a line each, with their arguments.
    std::string calls() const;
    /// The repository: its path has a blank.
    std::filesystem::path root() const { return folder_ / "a copy"; }
    /// The sandbox itself.
    const std::filesystem::path& folder() const { return folder_; }

 private:
    std::filesystem::path folder_;
};

/// The whole file as text; empty when there is none.
std::string contents(const std::filesystem::path& path);

}  // namespace t2t::tests
