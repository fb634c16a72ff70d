public class Driver4 { public static void main(String[] a) {} }
