# Macros of this project's configure.ac.

# EDGE_PKG(PREFIX, MODULES, DEBIAN-PACKAGE, FEDORA-PACKAGE)
AC_DEFUN([EDGE_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 not found: install $3 (Debian, Ubuntu) or $4 (Fedora)])])
])

# libsensors has no pkg-config file on Debian 12.
AC_DEFUN([EDGE_SENSORS], [
  edge_no_sensors="libsensors not found: install libsensors-dev (Debian, Ubuntu) or lm_sensors-devel (Fedora), or use --without-sensors"
  AC_CHECK_HEADER([sensors/sensors.h], [], [AC_MSG_ERROR([$edge_no_sensors])])
  edge_saved_LIBS=$LIBS
  AC_SEARCH_LIBS([sensors_init], [sensors], [], [AC_MSG_ERROR([$edge_no_sensors])])
  LIBS=$edge_saved_LIBS
  SENSORS_LIBS=-lsensors
  AC_SUBST([SENSORS_LIBS])
  AC_DEFINE([HAVE_SENSORS], [1], [the libsensors source is built])
])

# EDGE_XENSTORE(WANTED): "check" takes libxenstore where it is there, "yes" asks for it. Sets edge_xenstore.
AC_DEFUN([EDGE_XENSTORE], [
  edge_xenstore=no
  AS_IF([test "x$1" != xno], [PKG_CHECK_MODULES([XENSTORE], [xenstore], [edge_xenstore=yes], [edge_xenstore=no])])
  AS_IF([test "x$1" = xyes && test "x$edge_xenstore" = xno],
    [AC_MSG_ERROR([libxenstore not found: install libxen-dev (Debian, Ubuntu) or xen-devel (Fedora), or use --without-xenstore])])
  AS_IF([test "x$edge_xenstore" = xyes], [AC_DEFINE([HAVE_XENSTORE], [1], [guests are served by xenstore, too])])
])

# EDGE_STATIC_LIBS(VARIABLE, MODULES): what a static program links for them; ICU, within libxml2, is of C++.
AC_DEFUN([EDGE_STATIC_LIBS], [
  $1=$($PKG_CONFIG --static --libs $2 2>/dev/null)
  AS_CASE([" $[]$1"], [*' -licu'*], [$1="$[]$1 -lstdc++"])
  AC_SUBST([$1])
])

# EDGE_FLAG(FLAG): into EDGE_FLAGS where the compiler takes it.
AC_DEFUN([EDGE_FLAG], [
  edge_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [EDGE_FLAGS="$EDGE_FLAGS $1"])
  CFLAGS=$edge_saved_CFLAGS
])

# EDGE_ENTERPRISE_OID(OID): checks it, then MIB_ROOT for the module file ("{ enterprises 1 2 }"), ENTERPRISE_OID as given
# and EDGE_ROOT_ARCS ("1, 3, 6, ...") for C.
AC_DEFUN([EDGE_ENTERPRISE_OID], [
  edge_oid=$1
  AS_IF([printf '%s' "$edge_oid" | grep -Eq '^1\.3\.6\.1\.4\.1(\.(0|[[1-9]][[0-9]]{0,9})){1,32}$'], [],
    [AC_MSG_ERROR([--with-enterprise-oid=$edge_oid: not of the form 1.3.6.1.4.1.N...])])
  # Named arcs: smilint takes unnamed ones for implicit nodes.
  AS_CASE([$edge_oid],
    [1.3.6.1.4.1.8072.9999.9999.7666],
      [MIB_ROOT='{ enterprises netSnmp(8072) netSnmpExperimental(9999) netSnmpPlaypen(9999) 7666 }'],
    [MIB_ROOT=$(printf '%s\n' "$edge_oid" | awk -F. '{ r = "{ enterprises"
       for (i = 7; i < NF; i++) r = r " edgeNodeArc" (i - 6) "(" $i ")"
       print r " " $NF " }" }')])
  MIB_NOTE="-- Made by configure from EDGENODE-MIB.txt.in for $edge_oid"
  AC_SUBST([MIB_NOTE])
  ENTERPRISE_OID=$edge_oid
  AC_SUBST([MIB_ROOT])
  AC_SUBST([ENTERPRISE_OID])
  AC_DEFINE_UNQUOTED([EDGE_ROOT_ARCS], [$(printf '%s' "$edge_oid" | sed 's/\./, /g')], [sub-identifiers of edgeNodeMIB])
  AC_DEFINE_UNQUOTED([EDGE_ROOT_OID], ["$edge_oid"], [edgeNodeMIB, dotted])
])
