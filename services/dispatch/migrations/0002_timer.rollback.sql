REVOKE ALL ON dispatch.watermarks, dispatch.fired FROM wuji_timer;
REVOKE USAGE ON SCHEMA dispatch FROM wuji_timer;
