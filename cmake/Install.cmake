# Where everything goes: program, libraries, headers, configs, manual, completion, licences; the CMake package; .deb.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/thaw)

# thaw_NAME is thaw::NAME for others; thaw::thaw is all of them.
set(THAW_LIBRARIES base graph plan data exec exec_host float train memmodel run_files search reports generate kernels runtime)
add_library(thaw_thaw INTERFACE)
foreach(library ${THAW_LIBRARIES})
  target_link_libraries(thaw_thaw INTERFACE thaw_${library})
endforeach()
foreach(library ${THAW_LIBRARIES} interface thaw)
  set_target_properties(thaw_${library} PROPERTIES EXPORT_NAME ${library})
  add_library(thaw::${library} ALIAS thaw_${library})
endforeach()
if(NOT THAW_INSTALL)
  return()
endif()

# The manual page and what shells complete come from the program's table of commands.
set(manual ${PROJECT_BINARY_DIR}/manual)
set(manual_files ${manual}/thaw.1 ${manual}/thaw.bash ${manual}/_thaw ${manual}/thaw.fish)
add_custom_command(OUTPUT ${manual_files}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${manual}
  COMMAND thaw help --man > ${manual}/thaw.1
  COMMAND thaw help --completion bash > ${manual}/thaw.bash
  COMMAND thaw help --completion zsh > ${manual}/_thaw
  COMMAND thaw help --completion fish > ${manual}/thaw.fish
  DEPENDS thaw COMMENT "Writing the manual page and completions")
add_custom_target(thaw_manual ALL DEPENDS ${manual_files})

# A build folder finds its configs beside the program too.
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/configs ${PROJECT_BINARY_DIR}/configs SYMBOLIC)

# Two parts: what runs, and what builds other programs.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME program)
install(TARGETS thaw RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET thaw-mpi)
  install(TARGETS thaw-mpi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT mpi OPTIONAL)
endif()
install(PROGRAMS tools/run-on-qemu DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME thaw-run-on-qemu)
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/thaw)
install(FILES ${manual}/thaw.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual}/thaw.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME thaw)
install(FILES ${manual}/_thaw DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${manual}/thaw.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

foreach(library ${THAW_LIBRARIES} interface thaw)
  install(TARGETS thaw_${library} EXPORT thaw_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT development)
endforeach()
install(EXPORT thaw_targets NAMESPACE thaw:: FILE thaw-targets.cmake DESTINATION ${package_folder}
  COMPONENT development)
foreach(folder sim memmodel search reports engine/generate engine/kernels engine/runtime)
  get_filename_component(parent ${folder} DIRECTORY)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/thaw/${parent} COMPONENT development
    FILES_MATCHING PATTERN "*.h" PATTERN "*-inl.h" EXCLUDE PATTERN "dsp" EXCLUDE PATTERN "helium" EXCLUDE
    PATTERN "assets" EXCLUDE PATTERN "baselines" EXCLUDE)
endforeach()
configure_package_config_file(cmake/thaw-config.cmake.in ${PROJECT_BINARY_DIR}/thaw-config.cmake
  INSTALL_DESTINATION ${package_folder} PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/thaw-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/thaw-config.cmake ${PROJECT_BINARY_DIR}/thaw-config-version.cmake
  DESTINATION ${package_folder} COMPONENT development)

# cpack -G DEB: thaw and libthaw-dev, with what dpkg-shlibdeps finds that the program needs.
set(CPACK_PACKAGE_CONTACT "Thaw developers <thaw@localhost>")
set(CPACK_PACKAGE_VENDOR "Thaw")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "sparse-update schedules for training on microcontrollers")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME thaw)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "gcc-arm-none-eabi, libnewlib-arm-none-eabi, make, python3, qemu-system-arm")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "librsvg2-2, fonts-dejavu-core")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "libraries and headers of thaw, with their CMake package")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libthaw-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libeigen3-dev, nlohmann-json3-dev, libfmt-dev, libjpeg-dev, libpng-dev, libsndfile1-dev, libzip-dev, zlib1g-dev, libpugixml-dev, libhwy-dev, libsqlite3-dev, libssl-dev")
include(CPack)
