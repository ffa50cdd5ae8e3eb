#!/bin/sh
# Takes out of the environment $1 what nobody runs: tests, headers, parts of Arrow for other machines' files, symbols.
# What is left is compiled, for in a container nothing can be written beside it.
set -eu
env=$1
lib=$(echo "$env"/lib/python3*/site-packages)
find "$lib" -type d \( -name tests -o -name _tests \) -prune -exec rm -rf {} +
rm -rf "$lib"/graphene/test
find "$lib" -type f -name conftest.py -delete
find "$lib" -type d \( -name include -o -name __pycache__ \) -prune -exec rm -rf {} +
find "$lib" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.h' -o -name '*.c' -o -name '*.cpp' \) -delete
if [ -d "$lib/pyarrow" ]; then
    rm -rf "$lib"/pyarrow/src
    rm -f "$lib"/pyarrow/*flight* "$lib"/pyarrow/*_s3* "$lib"/pyarrow/_azurefs* "$lib"/pyarrow/_gcsfs* "$lib"/pyarrow/_hdfs* \
        "$lib"/pyarrow/*_cpp_tests* "$lib"/pyarrow/libarrow_python*.so "$lib"/pyarrow/libarrow_python*.so.*.*
fi
# Names of functions, for debuggers. Only where nobody has moved things about in the file before, as in *.libs.
for package in _polars_runtime_32 pyarrow uvloop; do
    if [ -d "$lib/$package" ]; then find "$lib/$package" -name '*.so*' -exec strip --strip-unneeded {} +; fi
done
"$env/bin/python" -m compileall -q -j 0 "$lib" >/dev/null || true
