// A user's folder with CUDA files, and `./t2t run`, `check` and `watch` called in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "common/process/child_process.hpp"

namespace t2t::tests {

// What one call did.
struct Ran {
    int status;
    std::string output;  // stdout
    std::string errors;  // stderr
};

class OwnFolder {
 public:
    OwnFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "t2t own XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        path_ = name;
    }
    ~OwnFolder() { std::filesystem::remove_all(path_); }
    OwnFolder(const OwnFolder&) = delete;
    OwnFolder& operator=(const OwnFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream in(path_ / name);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    // Runs `./t2t words` there, quoted for a shell. `before` stands before it on the shell's line.
    Ran t2t(const std::string& words, const std::string& before = "") const {
        const std::string line = "cd " + process::shell_word(path_.string()) + " && " + before +
                                 ' ' + T2T_PROGRAMS "/t2t_run " + words + " 2>.errors";
        const process::Output output = process::run(line);
        return {output.status, output.text, read(".errors")};
    }

    // Starts `./t2t words` there, which goes on by itself: what it prints is in the files `out` and `.errors`, its
    // process's number in `pid`.
    void start(const std::string& words) const {
        process::run("cd " + process::shell_word(path_.string()) + "; " T2T_PROGRAMS "/t2t_run " +
                     words + " </dev/null >out 2>.errors & echo $! >pid");
    }

 private:
    std::filesystem::path path_;
};

// A program that prints what a kernel has computed: 0 1 4 9.
inline constexpr const char* squares = R"(#include <cstdio>
__global__ void square(int* values) { values[threadIdx.x] = threadIdx.x * threadIdx.x; }
int main() {
    int* device;
    cudaMalloc(&device, 4 * sizeof(int));
    square<<<1, 4>>>(device);
    int host[4];
    cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost);
    cudaFree(device);
    printf("%d %d %d %d\n", host[0], host[1], host[2], host[3]);
}
)";

}  // namespace t2t::tests
