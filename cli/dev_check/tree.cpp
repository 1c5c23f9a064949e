#include "cli/dev_check/tree.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "common/process/child_process.hpp"

namespace t2t::dev_check {

Tree read_tree(const std::filesystem::path& root) {
    namespace fs = std::filesystem;
    const process::Output listing =
        process::run("git -C " + process::shell_word(root.string()) +
                     " ls-files -z --cached --others --exclude-standard 2>/dev/null");
    if (listing.status != 0) {
        const process::Output reason = process::run("git -C " + process::shell_word(root.string()) +
                                                    " status 2>&1 >/dev/null");
        if (reason.text.find("safe.directory") != std::string::npos) {
            throw std::runtime_error(
                "git does not trust this clone, because it belongs to another user; if you do: git "
                "config --global --add safe.directory " +
                process::shell_word(root.string()));
        }
        throw std::runtime_error("git cannot list the files of " + root.string() +
                                 "; run this in a clone of the repository, with git installed");
    }

    Tree tree;
    for (std::size_t begin = 0; begin < listing.text.size();) {
        const std::size_t end = listing.text.find('\0', begin);
        const std::string path = listing.text.substr(begin, end - begin);
        begin = end + 1;
        // A file that was deleted but is still in git's index, and a symbolic link, are passed over.
        if (!fs::is_regular_file(fs::symlink_status(root / path))) continue;

        File file;
        file.bytes = fs::file_size(root / path);
        const auto permissions = fs::status(root / path).permissions();
        file.executable = (permissions & fs::perms::owner_exec) != fs::perms::none;
        if (file.bytes <= largest_text) {
            std::ifstream stream(root / path, std::ios::binary);
            file.text.assign(std::istreambuf_iterator<char>(stream), {});
        }
        tree.emplace(path, std::move(file));
    }
    return tree;
}

bool exists(const Tree& tree, const std::string& path) {
    if (path.empty() || tree.contains(path)) return true;
    const std::string folder = path.ends_with('/') ? path : path + '/';
    const auto inside = tree.lower_bound(folder);
    return inside != tree.end() && inside->first.starts_with(folder);
}

}  // namespace t2t::dev_check
