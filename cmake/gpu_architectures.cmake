# The architectures to compile for when none are given: those of this machine's GPUs.
#
# Sets `output` to one `XY-real` for each compute capability X.Y that nvidia-smi names, and to `native` when it
# cannot say. CMake's `native` alone would not do: it makes sm_90 of capability 9.0 (H100, H200), and wgmma and
# TMA exist on sm_90a only.
function(t2t_gpu_architectures output)
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
        OUTPUT_VARIABLE answer RESULT_VARIABLE status ERROR_QUIET)
    string(REGEX MATCHALL "[0-9]+\\.[0-9]+" capabilities "${answer}")
    if(NOT status EQUAL 0 OR NOT capabilities)
        set(${output} native PARENT_SCOPE)
        return()
    endif()

    list(REMOVE_DUPLICATES capabilities)
    set(architectures)
    foreach(capability IN LISTS capabilities)
        string(REPLACE "." "" architecture ${capability})
        if(capability STREQUAL "9.0")
            string(APPEND architecture "a")
        endif()
        list(APPEND architectures ${architecture}-real)
    endforeach()
    set(${output} "${architectures}" PARENT_SCOPE)
endfunction()
