@echo off
rem l4proxy's launcher for Windows with a JDK 25: JAVA_HOME's, else the java on the PATH.
setlocal DisableDelayedExpansion
rem The java on the PATH, never one that lies where somebody happens to be.
set "NoDefaultCurrentDirectoryInExePath=1"
set "java=java"
rem Some set it with quotes around it.
if defined JAVA_HOME set "java=%JAVA_HOME:"=%\bin\java"
rem Exactly 25: it has preview features in it.
"%java%" --version 2>nul | findstr /l /c:" 25." /c:" 25 " /c:" 25-" >nul
if errorlevel 1 goto missing
"%java%" @FLAGS@ %L4PROXY_JAVA_OPTS% --module-path "%~dp0..\lib" -m l4proxy/l4proxy.Main %*
exit /b %ERRORLEVEL%
:missing
>&2 echo l4proxy: this package needs a JDK 25, and "%java%" is none: install one (https://adoptium.net) and let JAVA_HOME point to it.
exit /b 1
