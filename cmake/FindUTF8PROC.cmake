# utf8proc, Unicode's normal forms, as the target UTF8PROC::UTF8PROC. Debian's package brings no CMake files of its own.
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h)
find_library(UTF8PROC_LIBRARY utf8proc)
mark_as_advanced(UTF8PROC_INCLUDE_DIR UTF8PROC_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(UTF8PROC REQUIRED_VARS UTF8PROC_LIBRARY UTF8PROC_INCLUDE_DIR)

if(UTF8PROC_FOUND AND NOT TARGET UTF8PROC::UTF8PROC)
    add_library(UTF8PROC::UTF8PROC UNKNOWN IMPORTED)
    set_target_properties(UTF8PROC::UTF8PROC PROPERTIES
        IMPORTED_LOCATION ${UTF8PROC_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${UTF8PROC_INCLUDE_DIR})
endif()
