// The bundled fonts: nothing is fetched from elsewhere.
import '@fontsource-variable/ibm-plex-sans/wdth.css';
import '@fontsource/ibm-plex-mono/latin-400.css';
