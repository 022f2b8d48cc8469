# A stand-in for the SDK's module, for `portkit build-check`.
macro(update_tops_flags)
endmacro()
