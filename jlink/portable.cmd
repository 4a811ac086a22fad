@echo off
rem l4proxy's launcher for Windows with a JDK 25: JAVA_HOME's, else the java on the PATH.
setlocal
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
rem Exactly 25: it has preview features in it.
"%java%" --version 2>nul | findstr /r /c:" 25[. -]" >nul
if errorlevel 1 goto missing
"%java%" @FLAGS@ %L4PROXY_JAVA_OPTS% --module-path "%~dp0..\lib" -m l4proxy/l4proxy.Main %*
exit /b %ERRORLEVEL%
:missing
echo l4proxy: this package needs a JDK 25, and "%java%" is none: install one (https://adoptium.net) and let JAVA_HOME point to it. 1>&2
exit /b 1
