# Third-party libraries, each under one target name. All but DuckDB are Debian 12 packages; DuckDB comes
# from the npm packages that tools/package-lock.json pins (tools/setup unpacks them into third_party/).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(pugixml REQUIRED)
find_package(RocksDB REQUIRED)
find_package(ZLIB REQUIRED)
if(NOT TARGET pugixml::pugixml)
  add_library(pugixml::pugixml ALIAS pugixml)
endif()

function(weir_pkg_config target package)
  # The prefix keeps the cached results apart from those of other packages' Find modules.
  pkg_check_modules(weir_pc_${target} REQUIRED IMPORTED_TARGET ${package})
  add_library(weir::${target} ALIAS PkgConfig::weir_pc_${target})
endfunction()
weir_pkg_config(re2 re2)
weir_pkg_config(zstd libzstd)
weir_pkg_config(deflate libdeflate)
weir_pkg_config(isal libisal)
weir_pkg_config(pcap libpcap)
weir_pkg_config(nflog libnetfilter_log)

add_library(weir_zlib INTERFACE)
target_link_libraries(weir_zlib INTERFACE ZLIB::ZLIB)
add_library(weir::zlib ALIAS weir_zlib)

add_library(weir_rocksdb INTERFACE)
target_link_libraries(weir_rocksdb INTERFACE RocksDB::rocksdb-shared)
add_library(weir::rocksdb ALIAS weir_rocksdb)

set(duckdb ${PROJECT_SOURCE_DIR}/third_party/duckdb)
if(NOT EXISTS ${duckdb}/libduckdb.so)
  message(FATAL_ERROR "third_party/duckdb is missing: run tools/setup (make does it)")
endif()
add_library(weir_duckdb SHARED IMPORTED)
set_target_properties(weir_duckdb PROPERTIES
  IMPORTED_LOCATION ${duckdb}/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${duckdb})
add_library(weir::duckdb ALIAS weir_duckdb)

if(WEIR_TESTS)
  find_package(GTest REQUIRED)
endif()
if(WEIR_BENCHES)
  find_package(benchmark REQUIRED)
endif()
