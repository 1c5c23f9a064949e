#include "cli/project_root.hpp"

#include <cstdlib>
#include <stdexcept>

namespace t2t::cli {
namespace {

bool is_root(const std::filesystem::path& folder) {
    return std::filesystem::is_directory(folder / "chapters") &&
           std::filesystem::is_regular_file(folder / "CMakeLists.txt");
}

}  // namespace

std::filesystem::path project_root() {
    namespace fs = std::filesystem;
    if (const char* root = std::getenv("T2T_ROOT")) {
        if (is_root(root)) return root;
        throw std::runtime_error("T2T_ROOT is '" + std::string(root) +
                                 "', which is not the repository's root; set it to the folder that "
                                 "holds chapters/");
    }
    for (fs::path folder = fs::current_path();; folder = folder.parent_path()) {
        if (is_root(folder)) return folder;
        if (folder == folder.root_path()) break;
    }
    throw std::runtime_error("this folder is not inside the repository; go there, or set T2T_ROOT");
}

}  // namespace t2t::cli
