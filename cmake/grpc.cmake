# gRPC for the folders that talk over the network: the store on etcd, the relay. What links it starts slowly and loads fifty
# libraries where they are shared, so the program `certferry` never does.
#
#   certferry::grpc                       the library; static with CERTFERRY_STATIC
#   certferry_proto(target file.proto…)   messages and stubs of files of the current folder, as the library `target`:
#                                         src/relay/relay.proto is included as "relay/relay.pb.h", "relay/relay.grpc.pb.h",
#                                         and imported by other files as "relay/relay.proto"
include_guard(GLOBAL)

find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_program(CERTFERRY_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)

add_library(certferry_grpc INTERFACE)
add_library(certferry::grpc ALIAS certferry_grpc)
if(CERTFERRY_STATIC)
  # Debian's CMake package names the shared libraries alone; their archives lie beside them, and only pkg-config knows what
  # those need.
  pkg_check_modules(CERTFERRY_GRPC REQUIRED grpc++ protobuf)
  set(archives "")
  foreach(name ${CERTFERRY_GRPC_STATIC_LIBRARIES} upb address_sorting cares re2 z)
    # OpenSSL comes by its own target; the others are the compiler's and the C library's.
    if(NOT name MATCHES "^(ssl|crypto|pthread|dl|rt|m|atomic)$")
      find_library(CERTFERRY_ARCHIVE_${name} NAMES lib${name}.a REQUIRED)
      list(APPEND archives ${CERTFERRY_ARCHIVE_${name}})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES archives)
  target_link_libraries(certferry_grpc INTERFACE -Wl,--start-group ${archives} ${OPENSSL_SSL_LIBRARY} ${OPENSSL_CRYPTO_LIBRARY}
                        -Wl,--end-group Threads::Threads ${CMAKE_DL_LIBS} rt m
                        -Wl,--as-needed -latomic)
else()
  target_link_options(certferry_grpc INTERFACE -Wl,--as-needed)
  target_link_libraries(certferry_grpc INTERFACE gRPC::grpc++ protobuf::libprotobuf Threads::Threads)
endif()

function(certferry_proto target)
  set(root ${CMAKE_BINARY_DIR}/generated/proto)
  file(MAKE_DIRECTORY ${root})
  set(generated "")
  foreach(file ${ARGN})
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/src ${source})
    string(REGEX REPLACE "\\.proto$" "" stem ${path})
    set(made ${root}/${stem}.pb.cc ${root}/${stem}.grpc.pb.cc)
    add_custom_command(
      OUTPUT ${made} ${root}/${stem}.pb.h ${root}/${stem}.grpc.pb.h
      COMMAND ${Protobuf_PROTOC_EXECUTABLE} -I ${CMAKE_SOURCE_DIR}/src --cpp_out=${root} --grpc_out=${root}
              --plugin=protoc-gen-grpc=${CERTFERRY_GRPC_PLUGIN} ${source}
      DEPENDS ${source} VERBATIM)
    list(APPEND generated ${made})
  endforeach()
  add_library(${target} STATIC ${generated})
  # Not our code: no warnings of ours.
  target_compile_options(${target} PRIVATE -w)
  target_include_directories(${target} SYSTEM PUBLIC ${root})
  target_link_libraries(${target} PUBLIC certferry::grpc)
endfunction()
